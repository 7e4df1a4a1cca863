"""ONE THING TO KEEP: backbone + head + classes + how they were measured, as a folder of plain data.

    train ──> Model ──save──> model.json + head-*, rows-*, backbone-*.safetensors + report.html
                 ^                                      |
                 +---------------- load_model ----------+      nothing in it can run code

`folder` writes and reads the files, `schema` says what `model.json` may hold, `header` and `tensors`
judge a tensor file before anything is made of it, `model` is what people use. Loading imports
neither torch nor scikit-learn; `Model.backbone` and `Model.to_torch` do, when they are called.
"""
