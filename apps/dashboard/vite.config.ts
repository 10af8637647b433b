import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * `vite` alone serves the pages and hands every other address to a running engine; `vite build` writes `dist`, which
 * the engine serves itself. Nothing is inlined into the page, so that `script-src 'self'` is enough.
 */
const ENGINE = 'http://127.0.0.1:4400';
const ENGINE_PATHS = ['/api', '/v1', '/in-app', '/unsubscribe', '/health'];

export default defineConfig({
  plugins: [react(), tailwindcss()],
  server: { proxy: Object.fromEntries(ENGINE_PATHS.map((path) => [path, { target: ENGINE }])) },
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
});
