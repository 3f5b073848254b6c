import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const server = 'http://127.0.0.1:8501'

export default defineConfig({
  plugins: [
    vue(),
    ui({
      autoImport: false,
      components: false,
      dts: false,
      colorMode: true,
      // Icons are named in templates and in the tables that feed them.
      icon: { clientBundle: { scan: { globInclude: ['src/**/*.{vue,ts}'] } } },
      experimental: { componentDetection: true },
      ui: {
        colors: { primary: 'azure', neutral: 'mist', success: 'emerald', warning: 'amber', error: 'rose', info: 'azure' },
        button: { variants: { size: { md: { leadingIcon: 'size-4', trailingIcon: 'size-4' } } } },
        badge: { slots: { base: 'rounded-full', leadingIcon: 'size-3.5' } },
      },
    }),
  ],
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': server,
      '/healthz': server,
      '/ws': { target: server, ws: true },
    },
  },
  build: {
    // Inlined assets would be `data:` URLs, which the content security policy refuses.
    assetsInlineLimit: 0,
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
  },
})
