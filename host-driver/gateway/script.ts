/** The only script: what happens on the line, as it happens. Every page works without it. */
export const SCRIPT = `'use strict'
const live = document.querySelector('[data-events]')
if (live) {
  const source = new EventSource(live.dataset.events)
  source.addEventListener('step', (event) => {
    const { step, seconds } = JSON.parse(event.data)
    const item = document.querySelector('[data-step="' + step + '"]')
    if (!item || item.dataset.done !== undefined) return
    item.dataset.done = ''
    item.hidden = false
    item.querySelector('span').textContent = seconds.toFixed(1) + ' s'
    const now = document.querySelector('#now')
    if (now) now.textContent = item.firstChild.textContent
  })
  source.addEventListener('fact', (event) => {
    const { name, text } = JSON.parse(event.data)
    const place = document.querySelector('[data-fact="' + name + '"]')
    if (place) place.textContent = text
  })
  source.addEventListener('over', () => { source.close(); location.reload() })
}
const wrong = document.querySelector('#wrong')
if (wrong) wrong.focus()
`
