// node summary.mjs MODULES MARKDOWN PAGE: makes a page of a job summary as GitHub would show it.
// MODULES is the node_modules folder with marked, mermaid and github-markdown-css.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, markdown, page] = process.argv.slice(2)
const { marked } = await import(pathToFileURL(join(modules, 'marked/lib/marked.esm.js')))

const renderer = {
  // GitHub draws a fence of mermaid as a diagram.
  code({ text, lang }) {
    return lang === 'mermaid' ? `<pre class="mermaid">${text.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</pre>` : false
  },
  // The page has no network: what shields.io would draw of a static badge.
  image({ href, text }) {
    const [label, message, color] = decodeURIComponent(new URL(href).pathname.split('/').pop()).split(/(?<!-)-(?!-)/)
    return `<span class="badge" title="${text}"><span>${label}</span><span style="background:#${color}">${message}</span></span>`
  },
}
marked.use({ gfm: true, renderer })

writeFileSync(page, `<!doctype html><meta charset="utf-8">
<link rel="stylesheet" href="${pathToFileURL(join(modules, 'github-markdown-css/github-markdown-light.css'))}">
<style>
body { margin: 0; padding: 32px; width: 1012px; box-sizing: border-box; background: #fff }
.mermaid { background: none !important; text-align: center }
.badge { font: 11px Verdana, DejaVu Sans, sans-serif; color: #fff; border-radius: 3px; overflow: hidden; display: inline-block }
.badge span { padding: 4px 6px; background: #555; display: inline-block }
</style>
<article class="markdown-body">${marked.parse(readFileSync(markdown, 'utf8'))}</article>
<script src="${pathToFileURL(join(modules, 'mermaid/dist/mermaid.min.js'))}"></script>
<script>
mermaid.initialize({ startOnLoad: false })
mermaid.run().then(
  () => { document.body.dataset.diagram = 'drawn' },
  (e) => { document.body.dataset.diagram = 'failed: ' + e },
).finally(() => { document.body.dataset.height = document.documentElement.scrollHeight })
</script>
`)
