"""The tools that the model may call: what is offered, and what happens when it calls one."""
