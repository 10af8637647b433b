// Runs before the first paint, so that nobody who chose dark sees a white flash. A file of its own: no inline script.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('growthos.theme');
  } catch {
    // Storage can be forbidden; then the system's choice stands.
  }
  const isDark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
})();
