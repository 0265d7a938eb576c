import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { Via } from '../route.ts'

/** Escaped already; whatever else stands in a template is escaped by it. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/** What stands around every page. */
export interface Frame {
  readonly title: string
  readonly access: Via
  /** The reader comes through the gateway of a terminal, which has pages of its own. */
  readonly gateway: boolean
  /** Things in the basket. */
  readonly basketCount: number
  /** Which entry of the navigation this page is. */
  readonly here?: '/' | '/basket' | '/orders'
}

export function frame(about: Frame, main: Html): Html {
  const { title, access, gateway, basketCount, here } = about
  const link = (path: string, text: string | Html): Html =>
    html`<li><a href="${path}"${path === here ? html` aria-current="page"` : ''}>${text}</a></li>`
  const count =
    basketCount > 0 ? html` <span class="count">${basketCount}<span class="unseen"> in it</span></span>` : ''
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – Keyline shop</title>
<link rel="icon" href="/shop/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/shop/style.css">
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header class="top">
<div class="wide bar">
<a class="brand" href="/"><span class="mark" aria-hidden="true"></span>Keyline shop</a>
<nav aria-label="Shop"><ul>
${link('/', 'Goods')}
${link('/basket', html`Basket${count}`)}
${access === 'session' ? link('/orders', 'Orders') : ''}
${gateway ? link('/keyline', 'Terminal') : ''}
</ul></nav>
</div>
</header>
<main id="main" class="wide" tabindex="-1">
${main}
</main>
<footer class="wide foot">
<p>${FOOT[access]}</p>
</footer>
</body>
</html>`
}

const FOOT: Readonly<Record<Via, string>> = {
  open: 'You pay by telephone: your card number and address never go over the Internet.',
  session:
    'This page is encrypted with your session key. You pay by telephone: your card number and address never go over the Internet.',
  line: '',
}
