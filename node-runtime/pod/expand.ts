/**
 * Kubernetes' `$(NAME)` expansion: a reference to a variable that is known becomes its value, one that is not
 * stays as it is written, and `$$` stands for `$`.
 */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\(([^()]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(variables, name) ? (variables[name] ?? whole) : whole;
  });
}
