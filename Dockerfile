# ganscope on the CPU. Without a command it serves gan-studio on port 8765.
#   docker build -t ganscope .
#   docker run --rm -v "$PWD/runs:/work/runs" ganscope gan-train --steps 500
#   docker run --rm -p 8765:8765 -v "$PWD/runs:/work/runs" ganscope
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm pack --ignore-scripts --pack-destination /tmp

FROM node:22-bookworm-slim
# The CPU's binaries are in onnxruntime-node itself; its script would fetch CUDA's.
ENV NODE_ENV=production ONNXRUNTIME_NODE_INSTALL=skip ORT_DISABLE_TELEMETRY=1
WORKDIR /opt/ganscope
COPY --from=build /tmp/ganscope-*.tgz ./
RUN npm install --no-audit --no-fund ./ganscope-*.tgz onnxruntime-web && rm ganscope-*.tgz
ENV PATH=/opt/ganscope/node_modules/.bin:$PATH
RUN mkdir -p /work/runs && chown -R node:node /work
USER node
WORKDIR /work
VOLUME /work/runs
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8765/api/runs').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["gan-studio", "--host", "0.0.0.0"]
