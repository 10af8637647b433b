# Not run on the machine where it was written (no Docker engine there): written with care, unproven.
# Node 24 reads TypeScript as it is, so the server needs no build; only the pages do.
FROM node:24-bookworm-slim AS pages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/contracts/package.json packages/contracts/
COPY packages/browser/package.json packages/browser/
COPY packages/simulator/package.json packages/simulator/
COPY packages/engine/package.json packages/engine/
COPY apps/dashboard/package.json apps/dashboard/
COPY bench/package.json bench/
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4400
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/contracts/package.json packages/contracts/
COPY packages/browser/package.json packages/browser/
COPY packages/simulator/package.json packages/simulator/
COPY packages/engine/package.json packages/engine/
COPY apps/dashboard/package.json apps/dashboard/
COPY bench/package.json bench/
RUN npm ci --omit=dev && npm cache clean --force
COPY packages/contracts packages/contracts
COPY packages/engine packages/engine
COPY --from=pages /app/apps/dashboard/dist apps/dashboard/dist
COPY --from=pages /app/packages/browser/dist packages/browser/dist
USER node
EXPOSE 4400
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/ready').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "packages/engine/src/main.ts"]
