"""What screened encounters say about practice: candidates for missed warning signs, images, prescriptions, time to work-up."""
