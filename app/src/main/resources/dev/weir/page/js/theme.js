/* Light or dark before anything is painted: as the reader chose, or else as the system is. */
{
  const system = matchMedia('(prefers-color-scheme: dark)');
  const show = () => {
    document.documentElement.dataset.theme =
      localStorage.getItem('weir-theme') ?? (system.matches ? 'dark' : 'light');
  };
  system.addEventListener('change', show);
  show();
}
