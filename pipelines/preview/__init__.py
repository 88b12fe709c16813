"""A look before the run: previews, stills, contact sheets and shot lists, by the film's own flow over short spans."""
