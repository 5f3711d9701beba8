import { gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin, type Rollup } from 'vite';

const FIRST_LOAD_BYTES_MAX = 100_000;

/** Weighs what a browser fetches before it shows anything, as it travels, and refuses to build what is too heavy. */
function firstLoad(): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    writeBundle(_, bundle) {
      const wanted = new Set(Object.values(bundle).flatMap((it) => (it.type === 'chunk' && it.isEntry ? [it.fileName] : [])));
      for (const name of wanted) {
        const it = bundle[name];
        if (it?.type !== 'chunk') continue;
        const styles = (it as Rollup.OutputChunk & { viteMetadata?: { importedCss: Set<string> } }).viteMetadata?.importedCss ?? [];
        for (const also of [...it.imports, ...styles]) wanted.add(also);
      }
      const weight = (it: Rollup.OutputAsset | Rollup.OutputChunk | undefined) =>
        it ? gzipSync(it.type === 'chunk' ? it.code : it.source).length : 0;
      const bytes = [...wanted].reduce((sum, name) => sum + weight(bundle[name]), 0);
      this.info(`first load: ${Math.round(bytes / 1000)} kB in ${wanted.size} files, gzip; at most ${FIRST_LOAD_BYTES_MAX / 1000} kB`);
      if (bytes > FIRST_LOAD_BYTES_MAX) this.error(`the first load is ${bytes} bytes, at most ${FIRST_LOAD_BYTES_MAX} are allowed`);
    },
  };
}

// No inlined assets and no module-preload polyfill: the content policy allows our own files only.
export default defineConfig({
  plugins: [svelte(), firstLoad()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
