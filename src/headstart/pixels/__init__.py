"""What a network sees, wants to see, and is fooled by: the gradient taken back to the pixels.

    network        a network with classes as one differentiable function of the pixels
    optimise       the one loop, and the four ideas that combine in it:
    images           how a picture is written down: as pixels, as waves, as phases only
    objectives       what is wanted of it: values that add, subtract and scale
    transforms       what it must survive: small moves, turns, scales
    constraints      where it may go: [0, 1], a ball around a photo

What is made of them:

    ideal          the picture that a network sees most of a class in
    attacks        photos that look the same and are taken for something else
    robustness     ensembles, defences, whether gradients can be trusted
    maps           what the layers see, and which patches excite them
    heatmaps       which places an answer comes from, and whether that can be believed

And what these need: colour, spectrum (of photos), steps (of a fixed length, as optimisers), lattice (8 bits a
value, without leaving the ball), resampling (a network as a function of the full-size photo).

Everything takes and gives pixels: RGB float32 (n, 3, height, width) in [0, 1].
"""
