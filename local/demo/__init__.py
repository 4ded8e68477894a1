"""The product's story, told against the local world; each step must come out right."""
