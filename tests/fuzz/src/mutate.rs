//! New inputs out of old ones: single bytes by `mutatis`, and, as that knows no texts, whole tokens
//! of the dictionary and pieces of other seeds.

use mutatis::{Candidates, Context, Mutate, Session};

/// Inputs do not grow beyond this.
const MOST: usize = 4096;

/// Changes that one input gets, at most.
const CHANGES: usize = 6;

/// Makes inputs out of seeds: the same seeds, tokens and number make the same inputs.
pub struct Mutator {
    session: Session,
    words: Words,
}

impl Mutator {
    pub fn new(seeds: Vec<Vec<u8>>, tokens: Vec<Vec<u8>>, number: u64) -> Self {
        Self { session: Session::new().seed(number), words: Words { seeds, tokens } }
    }

    /// The next input.
    pub fn next(&mut self) -> mutatis::Result<Vec<u8>> {
        let mut input = Vec::new();
        self.session.mutate_with(&mut Begin(&self.words.seeds), &mut input)?;
        let changes = 1 + usize::from(self.session.generate::<u8>()?) % CHANGES;
        for _ in 0..changes {
            match self.session.generate::<u8>()? % 3 {
                0 => self.session.mutate(&mut input)?,
                _ => self.session.mutate_with(&mut self.words, &mut input)?,
            }
        }
        input.truncate(MOST);
        Ok(input)
    }
}

/// Takes one of the seeds; now and then, nothing.
struct Begin<'a>(&'a [Vec<u8>]);

impl Mutate<Vec<u8>> for Begin<'_> {
    fn mutate(&mut self, candidates: &mut Candidates<'_>, input: &mut Vec<u8>) -> mutatis::Result<()> {
        candidates.mutation(|context| {
            let rng = context.rng();
            let seed = if rng.gen_u8() == 0 { None } else { rng.choose(self.0) };
            *input = seed.cloned().unwrap_or_default();
            Ok(())
        })
    }
}

/// Puts a token or a piece of a seed somewhere, over what was there or between.
struct Words {
    seeds: Vec<Vec<u8>>,
    tokens: Vec<Vec<u8>>,
}

impl Words {
    fn piece(&self, context: &mut Context, input: &[u8]) -> Vec<u8> {
        let rng = context.rng();
        if rng.gen_bool()
            && let Some(token) = rng.choose(&self.tokens)
        {
            return token.clone();
        }
        let source = if rng.gen_u8() < 64 { Some(input) } else { rng.choose(&self.seeds).map(Vec::as_slice) };
        let source = source.unwrap_or_default();
        let (one, other) = (place(context, source), place(context, source));
        source[one.min(other)..one.max(other)].to_vec()
    }
}

impl Mutate<Vec<u8>> for Words {
    fn mutate(&mut self, candidates: &mut Candidates<'_>, input: &mut Vec<u8>) -> mutatis::Result<()> {
        candidates.mutation(|context| {
            let piece = self.piece(context, input);
            let at = place(context, input);
            let over = match context.rng().gen_u8() % 4 {
                0 => 0,
                1 => piece.len(),
                2 => next_end(&input[at..]),
                _ => context.rng().gen_index(input.len() - at + 1).unwrap_or(0),
            };
            input.splice(at..(at + over).min(input.len()), piece);
            Ok(())
        })
    }
}

/// A place in the input: any, or one where a word ends, as texts are made of words.
fn place(context: &mut Context, input: &[u8]) -> usize {
    let rng = context.rng();
    let any = rng.gen_index(input.len() + 1).unwrap_or(0);
    if rng.gen_bool() { any } else { any + next_end(&input[any..]) }
}

/// Where the first word ends.
fn next_end(input: &[u8]) -> usize {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
    let start = input.iter().position(is_word).unwrap_or(input.len());
    input[start..].iter().position(|byte| !is_word(byte)).map_or(input.len(), |end| start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_repeatable_bounded_and_new() {
        let seeds = vec![b"tcp://10.0.0.0/8:22".to_vec(), vec![b'x'; MOST]];
        let inputs = |number| {
            let mut mutator = Mutator::new(seeds.clone(), vec![b"any".to_vec()], number);
            (0..2_000).map(|_| mutator.next().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(7), inputs(7));
        let made = inputs(8);
        assert!(made.iter().all(|input| input.len() <= MOST));
        assert!(made.iter().any(|input| input.windows(3).any(|part| part == b"any")));
        let distinct: std::collections::BTreeSet<_> = made.iter().collect();
        assert!(distinct.len() > 1_500, "{}", distinct.len());
    }
}
