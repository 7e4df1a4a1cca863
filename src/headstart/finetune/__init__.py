"""CHANGE THE BACKBONE TOO: its last part, or all of it, trained on from a linear head.

settings      how it is trained, checked
inputs        what a pass takes: photos' views, or activations that were kept at a cut
parts         where the network is cut; the last part as a network of its own
tuned         body + dropout + linear layer, with batch norm frozen
loop          the one training loop, on Lightning Fabric; history, best epoch, early stopping
checkpoints   what a killed run goes on from
runs          the folder of each run: one process at a time, old ones removed
finder        the learning-rate range test
"""
