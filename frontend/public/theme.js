// Sets the theme before the first paint; a blocking file, because the content security policy allows no inline script.
(function () {
  var choice = null
  try {
    choice = localStorage.getItem('vueuse-color-scheme')
  } catch {
    // Storage may be blocked; the system's theme is right then.
  }
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
