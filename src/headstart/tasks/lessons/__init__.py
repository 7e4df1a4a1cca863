"""The parts of `lesson`: what the lesson reports, what is at hand, one module for each way of measuring.

figures     the lesson's figures, one row each
measured    what came out here, and how the two stand beside each other
desk        photos and networks at hand, what is missing, what takes too long
counting    numbers and weights of VGG-16
files       broken files, breeds
draw        which photos are learned from, which judge
linear      one linear layer on a frozen network's features
tuning      the network trained on
drawing     ideal images
elsewhere   what another network says of a picture
walk        a photo walked to another class, the lesson's way
fooling     the dog that is a cat
dropout     written digits, with and without dropout
lighter     a lighter network beside VGG-16
ways        which module measures which row
"""
