"""Training institutions, class sessions in several classrooms, who was there, and the hours that follow."""
