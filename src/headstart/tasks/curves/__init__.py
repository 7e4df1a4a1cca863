"""How accuracy grows with photos: the parts of `learning-curve`.

sides       which photos are learned from, which measured on, which of the former at each size
points      accuracy at one size, with its interval
heads       a linear head on kept rows at each size: transfer, raw pixels
scratch     the same network from random weights at some sizes
untrained   the network's own classes, no training at all
page        the page
"""
