# The agent's image: `docker buildx build --platform linux/arm64,linux/amd64 -f infra/agent.Dockerfile .` in the repository.
# agent-requirements.txt is the whole closure, pinned (`make pins`); of the package nothing is installed beside it.
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir hatchling
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY layers/core/argosy layers/core/argosy
COPY functions functions
COPY infra/crds infra/crds
COPY infra/agent-requirements.txt infra/agent.yaml infra/
COPY examples examples
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip install --no-cache-dir --only-binary :all: --no-deps --target /packages -r infra/agent-requirements.txt \
 && pip install --no-cache-dir --no-deps --no-index --target /packages --upgrade /wheels/argosy-*.whl \
 && rm -rf /packages/bin && python -m compileall -q --invalidation-mode unchecked-hash /packages

FROM python:3.13-slim
COPY --from=build /packages /usr/local/lib/python3.13/site-packages
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
CMD ["python", "-m", "argosy.agent"]
