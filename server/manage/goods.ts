import { z } from 'zod'
import { money } from '../../wire/money.ts'
import { COMMON } from '../arguments.ts'
import { ServerError } from '../errors.ts'
import { readGoodsFile } from '../shop/goods-file.ts'
import { type Command, columns, command } from './command.ts'

const schema = z.object(COMMON)
const STOCK_CHANGE = /^\d{1,6}$/

export const GOODS_COMMANDS: Readonly<Record<string, Command>> = {
  'goods load': command({
    schema,
    words: ['FILE'],
    begins: true,
    run: async ({ store }, [path = '']) => {
      const goods = await readGoodsFile(path)
      await store.shop.putGoods(goods)
      return { text: `${goods.length} goods are loaded`, fields: { goods: goods.length } }
    },
  }),
  'goods list': command({
    schema,
    run: async ({ store }) => {
      const goods = await store.shop.goods()
      const rows = goods.map(({ product, name, price, currency, available }) => {
        return [product, name, money(price, currency), `${available} in stock`]
      })
      return { text: columns(rows), fields: { goods } }
    },
  }),
  'goods stock': command({
    schema,
    words: ['PRODUCT', 'add|remove', 'N'],
    run: async ({ store }, [product = '', what = '', count = '']) => {
      if ((what !== 'add' && what !== 'remove') || !STOCK_CHANGE.test(count)) {
        throw new ServerError('USAGE', 'expected add N or remove N')
      }
      if ((await store.shop.good(product)) === undefined) throw new ServerError('GOODS_UNKNOWN')
      if (!(await store.shop.changeStock(product, what === 'add' ? Number(count) : -Number(count))))
        throw new ServerError('STOCK_TOO_SMALL')
      const available = (await store.shop.good(product))?.available ?? 0
      return { text: `${product}: ${available} in stock`, fields: { product, available } }
    },
  }),
  'goods withdraw': offering(true),
  'goods offer': offering(false),
}

function offering(withdrawn: boolean): Command {
  return command({
    schema,
    words: ['PRODUCT'],
    run: async ({ store }, [product = '']) => {
      if (!(await store.shop.withdrawGoods(product, withdrawn))) throw new ServerError('GOODS_UNKNOWN')
      const text = withdrawn ? `${product} is no longer offered; tags that hold it stay good` : `${product} is offered`
      return { text, fields: { product, withdrawn } }
    },
  })
}
