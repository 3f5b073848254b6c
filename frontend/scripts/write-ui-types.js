// Nuxt UI writes its theme's types while Vite resolves its configuration; a fresh checkout needs them before vue-tsc.
import { resolveConfig } from 'vite'

await resolveConfig({}, 'build')
