" The syntax against the corpus of colours, tests/corpus/colours.jsonl, which the core is held to as well. Runs in
" Vim and in Neovim.

let s:corpus = expand('<sfile>:p:h') .. '/../../../tests/corpus/colours.jsonl'

" The classes that the syntax gives names of its own to, in the order of the groups.
let s:groups = {
  \ 'comment': 'flowqlComment',
  \ 'keyword': 'flowqlKeyword',
  \ 'operator': 'flowqlOperator',
  \ 'column': 'flowqlColumn',
  \ 'string': 'flowqlString',
  \ 'number': 'flowqlNumber',
  \ 'as-number': 'flowqlAsNumber',
  \ 'address': 'flowqlAddress',
  \ 'community': 'flowqlCommunity',
  \ 'constant': 'flowqlConstant',
  \ 'saved-filter': 'flowqlSavedFilter',
  \ 'punctuation': 'flowqlPunctuation',
  \ 'invalid': 'flowqlInvalid',
  \ }

" The number of tokens that were checked, and what was wrong.
function FlowqlCheckColours() abort
  let l:checked = 0
  let l:wrong = []
  for l:line in readfile(s:corpus)
    let l:document = json_decode(l:line)
    enew!
    call setline(1, split(l:document.text, "\n", 1))
    setfiletype flowql
    let l:start = 0
    for l:token in l:document.tokens
      " A class that words alone cannot tell is no group but that of any word.
      let l:class = get(l:token, 2, l:token[1])
      let l:wanted = type(l:class) == v:t_string ? s:groups[l:class] : 'flowqlWord'
      let l:start = stridx(l:document.text, l:token[0], l:start)
      for l:byte in range(l:start, l:start + len(l:token[0]) - 1)
        if l:document.text[l:byte] =~# '\_s'
          continue
        endif
        let l:before = split(strpart(l:document.text, 0, l:byte), "\n", 1)
        let l:found = synIDattr(synID(len(l:before), len(l:before[-1]) + 1, 1), 'name')
        if l:found !=# l:wanted
          call add(l:wrong, printf('%s in %s is %s, not %s',
            \ string(l:token[0]), string(l:document.text), l:found, l:wanted))
          break
        endif
      endfor
      let l:start += len(l:token[0])
      let l:checked += 1
    endfor
  endfor
  return [l:checked, l:wrong]
endfunction
