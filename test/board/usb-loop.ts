import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { initramfs, kernel } from '../../deploy/image/initramfs.ts'
import { Machine } from './machine.ts'
import { checksOf, type Rung } from './rung.ts'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const CHECKS = 17
const LIMIT_MS = 180_000

export const usbLoop: Rung = {
  name: 'usb-loop',
  proves: 'deploy/gadget.sh makes the USB device: numbers, both ports, every byte, unplugging',
  needs: { 'qemu-system-aarch64': 'qemu-system-arm', cpio: 'cpio', depmod: 'kmod' },
  async run({ folder, log }) {
    const core = kernel('arm64')
    const initrd = join(folder, 'usb-loop.cpio.gz')
    initramfs(
      {
        architecture: 'arm64',
        kernel: core,
        modules: ['dummy_hcd', 'libcomposite', 'usb_f_acm', 'cdc_acm', 'configfs'],
        init: at('./usb-loop.sh'),
        files: { 'gadget.sh': at('../../deploy/gadget.sh') },
      },
      initrd,
      folder,
    )
    let text = ''
    const machine = await Machine.start({
      kernel: core.vmlinuz,
      initrd,
      append: 'quiet',
      log: (line) => {
        text += `${line}\n`
        log(line)
      },
    })
    try {
      await machine.console.until(/CHECKS-END/, LIMIT_MS)
      await machine.off(20_000)
    } finally {
      await machine.kill()
    }
    return checksOf(text, CHECKS)
  },
}
