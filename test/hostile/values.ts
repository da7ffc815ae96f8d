export const megabyte = 'a'.repeat(1024 * 1024)

/** Values that attackers and broken programs send. `raw` values are sent without further encoding. */
export const hostile: [string, string][] = [
  ['empty', ''],
  ['HTML', '"><script>alert(1)</script><img src=x onerror=alert(1)>'],
  ['SQL', "' OR 1=1; DROP TABLE natural_persons; --"],
  ['a path', '../../../../etc/passwd'],
  ['an encoded path', '%2e%2e%2f%2e%2e%2fetc%2fpasswd'],
  ['CRLF', 'a\r\nSet-Cookie: yideng_session=stolen\r\n\r\n<html>'],
  ['NUL', 'a\0b'],
  ['look-alikes', 'аdmin​‮'],
  ['a lone surrogate', '\ud800'],
  ['emoji', '👨‍👩‍👧‍👦'.repeat(50)],
  ['an address elsewhere', '//evil.example/'],
  ['a script address', 'javascript:alert(1)'],
  ['a template', '${7*7}{{7*7}}<%= 7*7 %>'],
  ['a prototype', '__proto__'],
  ['a number', '-1e309'],
  ['JSON', '{"a":[[[[[[[[[[]]]]]]]]]]}'],
  ['4 kB', 'x'.repeat(4096)],
]
