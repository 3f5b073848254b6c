import js from '@eslint/js'
import stylistic from '@stylistic/eslint-plugin'
import vue from 'eslint-plugin-vue'
import accessibility from 'eslint-plugin-vuejs-accessibility'
import globals from 'globals'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['dist/', 'test-results/', 'src/api/schema.ts'] },
  js.configs.recommended,
  ts.configs.strict,
  vue.configs['flat/recommended'],
  accessibility.configs['flat/recommended'],
  stylistic.configs.customize({ braceStyle: '1tbs', arrowParens: false }),
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: ts.parser },
    },
    rules: {
      'eqeqeq': 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'max-lines': ['error', { max: 300 }],
      'no-undef': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@stylistic/max-len': ['error', { code: 120, ignoreStrings: true, ignoreTemplateLiterals: true }],
      '@stylistic/quote-props': ['error', 'consistent-as-needed'],
    },
  },
  {
    files: ['**/*.vue'],
    rules: {
      'max-lines': ['error', { max: 150 }],
      'vue/no-v-html': 'error',
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/component-name-in-template-casing': ['error', 'PascalCase'],
      'vue/define-props-declaration': ['error', 'type-based'],
      'vue/define-emits-declaration': ['error', 'type-based'],
      'vue/max-attributes-per-line': ['error', { singleline: 4, multiline: 1 }],
      'vue/singleline-html-element-content-newline': 'off',
      'vue/no-undef-components': ['error', { ignorePatterns: ['RouterLink', 'RouterView'] }],
      // An optional prop without a default is undefined, and typed so.
      'vue/require-default-prop': 'off',
      'vue/no-unused-refs': 'error',
      'vue/require-typed-ref': 'error',
      // A label may hold its control or point to it; both are fine for every reader.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      '@stylistic/max-len': 'off',
    },
  },
  { files: ['*.config.{js,ts}', 'scripts/**', 'e2e/**'], languageOptions: { globals: globals.node } },
)
