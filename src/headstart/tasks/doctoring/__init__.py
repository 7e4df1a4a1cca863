"""The parts of `tasks.doctor`: what is looked at, each way of looking, and what is written."""
