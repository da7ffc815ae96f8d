// Sends the form of a page that only leads on. Its button does the same without this script.
document.querySelector('form[data-onward]').submit()
