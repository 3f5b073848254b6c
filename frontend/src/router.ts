/** The URL table, and who may see what. */
import { createRouter, createWebHistory } from 'vue-router'
import { useSessionStore } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Shown without a session. */
    public?: boolean
    /** The page's part of `document.title`; pages with live titles set their own. */
    title?: string
  }
}

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? {} : { top: 0 }),
  routes: [
    {
      path: '/sign-in',
      name: 'sign-in',
      meta: { public: true, title: 'Sign in' },
      component: () => import('./pages/sign-in/SignInPage.vue'),
    },
    {
      path: '/',
      component: () => import('./components/AppShell.vue'),
      children: [
        { path: '', redirect: { name: 'benchmarks' } },
        {
          path: 'benchmarks',
          name: 'benchmarks',
          meta: { title: 'Benchmarks' },
          component: () => import('./pages/benchmark-list/BenchmarkListPage.vue'),
        },
        {
          path: 'benchmarks/new',
          name: 'benchmark-new',
          meta: { title: 'New benchmark' },
          component: () => import('./pages/benchmark-new/BenchmarkNewPage.vue'),
        },
        {
          path: 'benchmarks/:id',
          name: 'benchmark',
          props: true,
          component: () => import('./pages/benchmark-run/BenchmarkRunPage.vue'),
        },
        {
          path: 'providers',
          name: 'providers',
          meta: { title: 'Providers' },
          component: () => import('./pages/providers/ProvidersPage.vue'),
        },
        {
          path: ':path(.*)*',
          name: 'not-found',
          meta: { title: 'Not found' },
          component: () => import('./pages/not-found/NotFoundPage.vue'),
        },
      ],
    },
  ],
})

router.beforeEach(async (to) => {
  const session = useSessionStore()
  await session.restore()
  if (to.name === 'sign-in')
    return session.status === 'in' ? { name: 'benchmarks' } : true
  // When the server is out of reach the app says so in place of every page.
  return session.status !== 'out' || to.meta.public ? true : { name: 'sign-in', query: { next: to.fullPath } }
})
