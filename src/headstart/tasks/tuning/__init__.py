"""The steps of `finetune`: split, linear head, activations at the cut, training, gate, facts."""
