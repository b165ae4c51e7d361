"""What stands before every route: who may call, how much, how long, and what is told of it in logs, metrics and the audit trail."""
