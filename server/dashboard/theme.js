// Not a module: it runs before the page is drawn the first time, so that the theme does not flash.
{
  const theme = localStorage.getItem("stet-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
}
