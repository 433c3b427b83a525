"""What results mean: samples, symptoms, properties and invariances, and the findings that are made of them."""
