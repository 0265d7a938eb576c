/** Text that stands in a page: never markup of somebody else's. */
export function esc(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}

/** A page of the gateway: plain, small, its own style and at most one script, all from this address. */
export function page(
  title: string,
  main: string,
  options: { readonly script?: boolean; readonly refresh?: boolean } = {},
): string {
  const script = options.script ? '<script src="/keyline/script.js" defer></script>' : ''
  const refresh = options.refresh ? '<noscript><meta http-equiv="refresh" content="2"></noscript>' : ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${esc(title)} · Keyline</title>
<link rel="icon" href="/keyline/icon.svg">
<link rel="stylesheet" href="/keyline/style.css">
${refresh}${script}
</head>
<body>
<header><nav aria-label="Keyline"><a href="/">Shop</a> <a href="/keyline">Terminal</a></nav><p>On this computer</p></header>
<main>
${main}
</main>
</body>
</html>
`
}

/** Rows of what and how much, as a description list. */
export function facts(rows: readonly (readonly [name: string, html: string])[]): string {
  return `<dl>${rows.map(([name, value]) => `<div><dt>${esc(name)}</dt><dd>${value}</dd></div>`).join('')}</dl>`
}
