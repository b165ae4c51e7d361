"""Virtual trials: patients of the model are screened, randomised, treated and measured as a protocol says, with and without the loop."""
