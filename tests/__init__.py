"""The promises, as facts on clips drawn in code; folders mirror the rooms."""
