"""The pain-spasm-pain cycle as a model: equations, persistence, drugs, engines, exchange. `docs/cycle.md` tells it whole."""
