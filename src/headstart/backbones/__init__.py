"""PIXELS -> ACTIVATIONS: pretrained networks of several frameworks behind one small interface.

    name ──registry──> adapter (pocket, torchvision, …) ──> Backbone: spec, activations, features, logits
    a user's module ──module_backbone────────────────────────^   └─engine──> rows, equal bits for equal photos

`spec` is plain data and loads nothing heavy; everything else is imported from its own module when needed.
"""
