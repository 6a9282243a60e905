"""Hidden rules: what a simulated evaluator wants to see, one file each (kind `evaluator`)."""
