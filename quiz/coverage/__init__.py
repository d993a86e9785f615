"""Who is reached and who is not: counts on any day, lists of the uncovered, scores, and the proof that they are right."""
