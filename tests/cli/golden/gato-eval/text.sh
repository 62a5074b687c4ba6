# Metrics of captions and answers.
cat >captions.json <<'JSON'
{"images": [{"id": 7, "file_name": "000000000007.jpg"}],
 "annotations": [{"id": 1, "image_id": 7, "caption": "A man riding a wave."},
                 {"id": 2, "image_id": 7, "caption": "a surfer on a wave"},
                 {"id": 3, "image_id": 8, "caption": "two dogs"},
                 {"id": 4, "image_id": 9, "caption": "a red circle"}]}
JSON
cat >captions.jsonl <<'JSON'
{"image": "a1/000000000007.jpg", "caption": "a man on a wave"}
{"image": "a1/000000000008.jpg", "caption": "Two dogs!"}
JSON
gato-eval text --references captions.json --predictions captions.jsonl

cat >questions.json <<'JSON'
{"questions": [{"question_id": 1, "image_id": 7, "question": "how many men?"},
               {"question_id": 2, "image_id": 7, "question": "is it sunny?"}]}
JSON
cat >annotations.json <<'JSON'
{"annotations": [{"question_id": 1, "image_id": 7, "answers":
  [{"answer": "1"}, {"answer": "one"}, {"answer": "1"}, {"answer": "two"}]},
 {"question_id": 2, "image_id": 7, "answers":
  [{"answer": "yes"}, {"answer": "yes"}, {"answer": "yes"}, {"answer": "yes"}]}]}
JSON
cat >answers.jsonl <<'JSON'
{"image": "a1/000000000007.jpg", "question": "how many men?", "answer": "One."}
{"image": "a1/000000000007.jpg", "question": "is it sunny?", "answer": "no"}
JSON
gato-eval text --references annotations.json --questions questions.json \
  --predictions answers.jsonl
