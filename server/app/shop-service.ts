import type { Shop } from '../shop/shop.ts'
import type { OrderStore } from '../store/shop-store.ts'

/** What the pages and routes need of the shop. */
export type ShopService = Pick<
  Shop,
  'goods' | 'good' | 'photo' | 'enter' | 'basketById' | 'basketOf' | 'setItem' | 'finish' | 'tag' | 'cancel'
>

export type Orders = Pick<OrderStore, 'order' | 'orders'>
