"""Networks and colour science: tensors in, tensors out."""
