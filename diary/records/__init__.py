"""A person's record as a whole: erased by herself, by the operator, or when the clinics' time of keeping is over."""
