import { type Answer, HTML } from './answer.ts'
import { problemPage } from './pay-pages.ts'

const TITLES: Readonly<Record<string, string>> = {
  NOT_LET_IN: 'Open the printed address first',
  NOT_LOGGED_IN: 'Nobody is logged in',
  PERSONAL_DATA_REFUSED: 'This does not go over the Internet',
  ROUTE_NEEDS_LINE: 'This does not go over the Internet',
}
const WORDS: Readonly<Record<string, string>> = {
  NOT_LET_IN: 'keyline gateway prints an address with a token; it lets one browser in.',
  NOT_LOGGED_IN: 'Log in on the terminal page, or with keyline login.',
  PERSONAL_DATA_REFUSED:
    'The page wanted to send a card number over the Internet. Nothing was sent. Card numbers are typed on the page “Pay by telephone” only.',
  ROUTE_NEEDS_LINE: 'It is meant for the telephone line only. Nothing was sent.',
}

/** What is not passed on, in plain words. @param why where there are no better ones */
export function refused(status: number, code: string, why: string): Answer {
  const title = TITLES[code] ?? 'This was not passed on'
  const body = problemPage(title, `${WORDS[code] ?? `${why}.`} (${code})`, ['/keyline', 'The terminal'])
  return { status, headers: HTML, body }
}
