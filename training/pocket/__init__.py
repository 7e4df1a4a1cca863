"""From photos and a teacher to the weights of `pocket`: `make pocket DATA=… TEACHER=…`.

photos.py    zip and folder => pictures in memory, decoded once
teacher.py   pictures => the teacher's feature maps, computed once, in a file that grows and can be resumed
views.py     pictures and maps => augmented views, and what the teacher sees in each
student.py   PocketNet with what only training needs
losses.py    features, the teacher's 1,000 answers, labels => one number to make smaller
train.py     the loop: schedule, averaged weights, checkpoints
finish.py    normalisation folded away, float16, card => the two files in the package
settings.py  every number that was chosen; RESULTS.md says why
"""
