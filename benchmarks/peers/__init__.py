"""What the handler is compared with: each file is a Lambda handler as somebody would write it, alone in its process.

None of them checks a request, explains a prediction or tells a misspelt feature from a right one: a wrong name, a
boolean or a swapped column ends in a 502 or in another prediction. `convert.py` makes the files that two of them need.
"""
