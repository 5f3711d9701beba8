import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// No inlined assets and no module-preload polyfill: the content policy allows our own files only.
export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
