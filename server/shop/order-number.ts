/** As people write an order: K- and at least six digits. Only this form is read, so that an order has one name. */
const TEXT = /^K-([0-9]{6}|[1-9][0-9]{6,11})$/

/** @param id 1 … 10¹² − 1 */
export function orderNumber(id: number): string {
  return `K-${String(id).padStart(6, '0')}`
}

/** @returns the id of K-000012; undefined for anything else */
export function orderId(text: string): number | undefined {
  const id = Number(TEXT.exec(text)?.[1] ?? 0)
  return id === 0 ? undefined : id
}
